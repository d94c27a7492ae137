package diagnose

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// job explains a Job that has not done what it should.
func (x explainer) job(j *batchv1.Job) []Cause {
	if is(j.Spec.Suspend) {
		return []Cause{
			seen(Suspended, "Job %s is suspended: it starts no pods.", j.Name),
			fix(Suspended, "%s", x.kubectl(`patch job %s --type=merge -p '{"spec":{"suspend":false}}'`, j.Name)),
		}
	}
	if done := jobCondition(j, batchv1.JobComplete); done != nil {
		return nil
	}
	chain := x.gaveUp(j)
	if refused := x.notCreatedPods("Job", j); refused != nil {
		return append(chain, refused...)
	}
	_, why := x.worst(x.Owned(j))
	return append(chain, why...)
}

func (x explainer) gaveUp(j *batchv1.Job) []Cause {
	failed := jobCondition(j, batchv1.JobFailed)
	if failed == nil {
		return nil
	}
	why := trimDetail(failed.Message)
	switch failed.Reason {
	case "BackoffLimitExceeded":
		why = "its pods failed more often than its backoffLimit allows"
	case "DeadlineExceeded":
		why = "it took longer than its activeDeadlineSeconds"
	}
	return []Cause{
		seen(JobFailed, "Job %s gave up after %s: %s.", j.Name, count(j.Status.Failed, "failed pod"), why),
		look(JobFailed, "See its pods: %s", x.kubectl("get pods -l batch.kubernetes.io/job-name=%s", j.Name)),
	}
}

func jobCondition(j *batchv1.Job, kind batchv1.JobConditionType) *batchv1.JobCondition {
	for i := range j.Status.Conditions {
		if c := &j.Status.Conditions[i]; c.Type == kind && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// cronJob explains a CronJob by its newest Job.
func (x explainer) cronJob(c *batchv1.CronJob) []Cause {
	if is(c.Spec.Suspend) {
		return []Cause{
			seen(Suspended, "CronJob %s is suspended: it starts no Jobs.", c.Name),
			fix(Suspended, "%s", x.kubectl(`patch cronjob %s --type=merge -p '{"spec":{"suspend":false}}'`, c.Name)),
		}
	}
	var jobs []*batchv1.Job
	for i := range x.Jobs {
		if metav1.IsControlledBy(&x.Jobs[i], c) {
			jobs = append(jobs, &x.Jobs[i])
		}
	}
	if len(jobs) == 0 {
		return x.warning("CronJob", c.Name)
	}
	newest := slices.MaxFunc(jobs, func(a, b *batchv1.Job) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return x.job(newest)
}
