SELECT from_state FROM card_event WHERE card = $card AND operation = 'block' ORDER BY id DESC LIMIT 1
