DELETE FROM coupon WHERE customer = $customer
