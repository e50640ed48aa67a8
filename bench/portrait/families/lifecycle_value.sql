with reactivated as (
    select customer, bool_or(gap > 91 and age < 91) as lately from day group by customer
)
select
    customer,
    days - 1 as btyd_frequency,
    6 - ntile(5) over (order by recency, customer) as rfm_r_score,
    ntile(5) over (order by visits_364, customer) as rfm_f_score,
    ntile(5) over (order by spend_364, customer) as rfm_m_score,
    (rank() over (order by spend_364) - 1 + (count(*) over (partition by spend_364) - 1) / 2)
        / nullif(count(*) over () - 1, 0) as spend_percentile_364d,
    case
        when spend_91 > 0 and spend_prev_91 > 0 then 'repeating'
        when spend_91 > 0 then 'new'
        when spend_prev_91 > 0 then 'lapsed'
        else 'inactive'
    end as nlr_91d,
    case
        when recency > 182 then 'lost'
        when recency > 91 then 'lapsed'
        when tenure < 91 then 'new'
        when recency > 28 and recency > 2 * median then 'at_risk'
        when recency > 56 and median is null then 'at_risk'
        when lately then 'reactivated'
        when 5 * spend_91 > 6 * spend_prev_91 then 'growing'
        when 5 * spend_91 < 4 * spend_prev_91 then 'declining'
        else 'stable'
    end as lifecycle_stage
from customer
join visits using (customer)
join reactivated using (customer)
left join regular using (customer)
