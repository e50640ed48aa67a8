UPDATE erasure SET act = $act WHERE number = $number
