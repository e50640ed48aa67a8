UPDATE quote SET state = $state, receipt = $receipt, taken = $taken WHERE id = $id
