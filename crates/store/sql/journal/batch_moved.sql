UPDATE journal_batch SET moved_at = $moved_at WHERE number = $number
