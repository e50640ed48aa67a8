UPDATE lot SET remaining = $remaining, held = $held WHERE account = $account AND id = $id
