package prober

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/check/prober/session"
	"labctl.dev/labctl/internal/kube"
)

// startTime is how long the helper pod may take to come back.
const startTime = 20 * time.Second

// Prober runs labapp's applets in the helper pod of one cluster. It is safe for
// concurrent use.
type Prober struct {
	client  *kube.Client
	mending chan struct{} // holds one while somebody mends the pod
	connect func(helper) session.Connect

	mu      sync.Mutex
	current *shared
	without helper // its labapp is older than sessions
	open    sync.WaitGroup
}

// New makes a prober. The pod is looked for, and mended, at each use.
func New(client *kube.Client) *Prober {
	return &Prober{client: client, mending: make(chan struct{}, 1), connect: connect(client)}
}

// Output runs an applet of labapp's sessions to its end and returns what it
// printed. If the pod goes in the middle of it, it is tried once more with another
// one: what it does has to be harmless twice.
func (p *Prober) Output(ctx context.Context, argv ...string) ([]byte, error) {
	out, err := p.Once(ctx, argv...)
	if err != nil && ctx.Err() == nil {
		out, err = p.Once(ctx, argv...)
	}
	return out, err
}

// Once is Output for what must not be done twice.
func (p *Prober) Once(ctx context.Context, argv ...string) ([]byte, error) {
	at, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	out, err := p.inSession(ctx, at, argv)
	if !errors.Is(err, session.ErrMissing) {
		return out, err
	}
	var alone bytes.Buffer
	err = p.exec(ctx, at, nil, &alone, io.Discard, argv)
	return alone.Bytes(), err
}

// Run runs an applet with these streams, in a process of its own. The error is
// about running it, or says what it complained about when its exit code is not 0.
func (p *Prober) Run(ctx context.Context, in io.Reader, out, complaints io.Writer, argv ...string) error {
	at, err := p.find(ctx)
	if err != nil {
		return err
	}
	return p.exec(ctx, at, in, out, complaints, argv)
}

func (p *Prober) exec(ctx context.Context, at helper, in io.Reader, out, complaints io.Writer, argv []string) error {
	var said bytes.Buffer
	code, err := p.client.Exec(ctx, kube.Command{
		Namespace: Namespace, Pod: at.pod, Container: name, Argv: append([]string{Binary}, argv...),
		Stdin: in, Stdout: out, Stderr: io.MultiWriter(&said, complaints),
	})
	return problem(argv[0], code, said.String(), err)
}

// problem is the error of an applet that was not run, or not well.
func problem(applet string, code int, said string, err error) error {
	if err != nil {
		return fmt.Errorf("run %s in the checker's helper pod: %w", applet, err)
	}
	if code != 0 {
		return fmt.Errorf("%s in the checker's helper pod: exit code %d: %s", applet, code, strings.TrimSpace(said))
	}
	return nil
}

// find returns the helper pod as it should be.
func (p *Prober) find(ctx context.Context) (helper, error) {
	if found, err := running(ctx, p.client); err != nil || found.pod != "" {
		return found, err
	}
	select {
	case p.mending <- struct{}{}:
	case <-ctx.Done():
		return helper{}, fmt.Errorf("wait for the checker's helper pod: %w", context.Cause(ctx))
	}
	defer func() { <-p.mending }()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return ensure(ctx, p.client)
}
