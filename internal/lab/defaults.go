package lab

import (
	"cmp"
	"strings"
	"time"
)

// setDefaults fills in what an author may leave out.
func setDefaults(l *Lab) {
	l.Namespace = cmp.Or(l.Namespace, "default")
	if l.Needs.Cluster != nil {
		l.Needs.Cluster.Nodes = cmp.Or(l.Needs.Cluster.Nodes, 1)
	}
	for name, image := range l.Images {
		image.User = cmp.Or(image.User, "65532")
		l.Images[name] = image
	}
	for i := range l.Tasks {
		task := &l.Tasks[i]
		task.Text = cmp.Or(task.Text, "tasks/"+task.ID+".md")
		for j := range task.Checks {
			setCheckDefaults(&task.Checks[j])
		}
	}
}

func setCheckDefaults(c *Check) {
	c.Points = cmp.Or(c.Points, 1)
	c.Evidence = cmp.Or(c.Evidence, Replay)
	if c.Isolation == "" {
		c.Isolation = Shared
		if len(c.While)+len(c.When) > 0 {
			c.Isolation = Exclusive
		}
	}
	for i := range c.While {
		setStimulusDefaults(&c.While[i])
	}
	for i := range c.When {
		setStimulusDefaults(&c.When[i])
	}
	for i := range c.Expect {
		setProbeDefaults(&c.Expect[i])
	}
}

func setStimulusDefaults(s *Stimulus) {
	switch {
	case s.Rollout != nil:
		setDuration(&s.Rollout.Within, time.Minute)
	case s.Drain != nil:
		setDuration(&s.Drain.Within, time.Minute)
	case s.Load != nil:
		s.Load.Path = cmp.Or(s.Load.Path, "/")
		setDuration(&s.Load.Timeout, 5*time.Second)
	}
}

func setProbeDefaults(e *Expect) {
	switch {
	case e.HTTP != nil:
		if !hasPath(e.HTTP.URL) {
			e.HTTP.Path = cmp.Or(e.HTTP.Path, "/")
		}
		e.HTTP.Method = cmp.Or(e.HTTP.Method, "GET")
		e.HTTP.Count = cmp.Or(e.HTTP.Count, 1)
		setDuration(&e.HTTP.Timeout, 5*time.Second)
	case e.Logs != nil:
		e.Logs.Tail = cmp.Or(e.Logs.Tail, 500)
	case e.Script != nil:
		setDuration(&e.Script.Timeout, 10*time.Second)
	}
}

// hasPath tells whether a URL leads further than to a server. References in it
// are not filled in yet.
func hasPath(url string) bool {
	_, rest, _ := strings.Cut(url, "://")
	_, path, _ := strings.Cut(rest, "/")
	return path != ""
}

func setDuration(d *Duration, to time.Duration) {
	if *d == 0 {
		*d = Duration(to)
	}
}
