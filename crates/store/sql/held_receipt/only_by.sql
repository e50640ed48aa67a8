SELECT h.receipt FROM held_receipt h
WHERE h.flag = $flag
    AND NOT EXISTS (SELECT 1 FROM held_receipt o WHERE o.receipt = h.receipt AND o.flag <> h.flag)
ORDER BY h.receipt
