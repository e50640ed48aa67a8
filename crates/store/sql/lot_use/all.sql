SELECT transfer, position, lot, amount, restored FROM lot_use ORDER BY transfer, position
