with pauses as (
    select
        customer, category, age,
        lag(age) over (partition by customer, category order by age desc) - age as gap
    from category_day
    semi join (select customer, category from category_year where days >= 4)
        using (customer, category)
),
cycles as (
    select customer, category, min(age) / quantile_cont(gap, 0.5) as due
    from pauses group by customer, category
)
select
    customer,
    count(due) as cycle_categories_364d,
    count(*) filter (due >= 0.8 and due < 1.5) as due_categories,
    count(*) filter (due >= 1.5 and due < 3) as overdue_categories,
    count(*) filter (due >= 3) as lapsed_categories,
    coalesce(sum(net) filter (due >= 3), 0) / 100 as lapsed_category_annual_spend
from customer
left join cycles using (customer)
left join category_year using (customer, category)
group by customer
