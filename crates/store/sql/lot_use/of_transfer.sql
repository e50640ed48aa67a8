SELECT transfer, position, lot, amount, restored
FROM lot_use WHERE transfer = $transfer ORDER BY position
