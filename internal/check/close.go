package check

// Close ends what the runner has open in the cluster. No check may be running.
func (r *Runner) Close() { r.prober.Close() }
