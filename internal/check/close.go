package check

// Close ends what the runner has open in the cluster and in Docker. No check may be
// running.
func (r *Runner) Close() {
	r.prober.Close()
	r.inside.Close()
}
