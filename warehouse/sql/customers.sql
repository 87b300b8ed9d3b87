-- Who is a customer, since when, and by which channel they came.
select person_id, channel as segment, customer_since
from marts.dim_contacts
where tenant_id = %(tenant_id)s and customer_since is not null
