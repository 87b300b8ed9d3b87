{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "conversion_id",
            "changed_by": ["conversions.conversion_id"],
            "changed_through": [
                "dim_contacts.person_id",
                "fct_bookings.booking_id",
                "fct_bookings.person_id",
                "fct_touchpoints.person_id",
            ],
        },
        pre_hook="{{ note_conversions(ref('fct_bookings')) }}",
        indexes=[{"columns": ["tenant_id", "model", "conversion_date"]}],
    )
}}
{% set booked = (
    changed_or_whole("booking_id", changed_keys(["conversions.booking_id"]))
    if is_incremental()
    else "true"
) %}
{% set became = (
    changed_or_whole("person_id", changed_keys(["conversions.person_id"]))
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    bookings as (select * from {{ ref("fct_bookings") }} where is_attended),

    people as (
        select * from {{ ref("dim_contacts") }} where is_in_funnel and {{ became }}
    ),

    touchpoints as (select * from {{ ref("fct_touchpoints") }}),

    conversions as (
        select
            tenant_id,
            'booking-' || booking_id as conversion_id,
            person_id,
            attended_at as converted_at,
            currency,
            revenue as value
        from bookings
        where {{ booked }}
        union all
        -- a customer by the bot's word alone
        select
            p.tenant_id,
            'customer-' || p.person_id,
            p.person_id,
            p.customer_since,
            t.currency,
            0
        from people as p
        join tenants as t on t.tenant_id = p.tenant_id
        where
            p.is_customer
            and not exists (
                select 1
                from bookings as b
                where b.tenant_id = p.tenant_id and b.person_id = p.person_id
            )
    ),

    -- a conversion that nothing led to is credited to nothing, and is not lost; hours,
    -- for a day is not always 24 of them
    touched as (
        select
            c.*,
            p.touchpoint_id,
            p.touched_at,
            coalesce(p.channel, '(none)') as channel,
            p.campaign_id,
            row_number() over (
                partition by c.tenant_id, c.conversion_id
                order by p.touched_at, p.touchpoint_id collate "C"
            ) as touch_number,
            count(*) over (partition by c.tenant_id, c.conversion_id) as touches
        from conversions as c
        left join
            touchpoints as p
            on p.tenant_id = c.tenant_id
            and p.person_id = c.person_id
            and p.touched_at <= c.converted_at
            and p.touched_at >= c.converted_at - interval '2160 hours'
    ),

    weighed as (
        select t.*, m.model, m.weight
        from touched as t
        cross join
            lateral(
                values
                    ('first', (t.touch_number = 1)::int::numeric),
                    ('last', (t.touch_number = t.touches)::int::numeric),
                    ('linear', 1),
                    (
                        'time_decay',
                        -- half as much for each week before the conversion
                        power(
                            2::double precision,
                            coalesce(
                                extract(epoch from t.touched_at - t.converted_at)
                                / 604800,
                                0
                            )::double precision
                        )::numeric
                    ),
                    (
                        'position_based',
                        -- 40 % first, 40 % last, 20 % for those between, in whole
                        -- numbers; of two, half each
                        case
                            when t.touches <= 2
                            then 1
                            when t.touch_number in (1, t.touches)
                            then 2 * (t.touches - 2)
                            else 1
                        end
                    )
            ) as m(model, weight)
        where m.weight > 0
    ),

    added_up as (
        select
            *,
            sum(weight) over (
                partition by tenant_id, conversion_id, model order by touch_number
            ) as weight_so_far,
            sum(weight) over (
                partition by tenant_id, conversion_id, model
            ) as weight_of_all
        from weighed
    ),

    final as (
        select
            a.tenant_id,
            a.conversion_id,
            a.model,
            a.touch_number::integer as touch_number,
            a.touches::integer as touches,
            a.touchpoint_id,
            a.touched_at,
            a.channel,
            a.campaign_id,
            a.person_id,
            a.converted_at,
            {{ local_date("a.converted_at", "t.timezone") }} as conversion_date,
            a.currency,
            a.value::numeric(18, 2) as value,
            -- rounded as they add up, so that the parts are the whole exactly
            (
                round(a.weight_so_far / a.weight_of_all, 10)
                - round((a.weight_so_far - a.weight) / a.weight_of_all, 10)
            )::numeric(11, 10) as credit,
            (
                round(a.value * a.weight_so_far / a.weight_of_all, 2)
                - round(a.value * (a.weight_so_far - a.weight) / a.weight_of_all, 2)
            )::numeric(18, 2) as credited_value
        from added_up as a
        join tenants as t on t.tenant_id = a.tenant_id
    )

select *
from final
