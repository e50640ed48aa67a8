UPDATE hold SET state = $state, posted = $posted WHERE id = $id
