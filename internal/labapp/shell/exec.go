package shell

import (
	"context"
	"os"
	"syscall"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// self runs this binary again; its first argument is then an applet's name.
const self = "/proc/self/exe"

// onExec runs applets that are not on PATH by way of this binary. In an
// interactive shell Ctrl-C reaches the command through the terminal: the
// command decides what it means, and the shell goes back to its prompt.
func (s *session) onExec(next interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		hc := interp.HandlerCtx(ctx)
		if _, err := interp.LookPathDir(hc.Dir, hc.Env, args[0]); err != nil && s.isApplet(args[0]) {
			args = append([]string{self}, args...)
		}
		if !s.interactive {
			return next(ctx, args)
		}
		if err := next(context.WithoutCancel(ctx), args); err != nil {
			return err
		}
		return ctx.Err()
	}
}

// onCall sees every simple command first. kill is an applet here, as the
// interpreter has none, and exec replaces this process where that is right:
// a container's program must be PID 1 to get SIGTERM.
func (s *session) onCall(ctx context.Context, args []string) ([]string, error) {
	hc := interp.HandlerCtx(ctx)
	switch {
	case args[0] == "kill":
		return append([]string{self}, args...), nil
	case args[0] == "exec" && len(args) > 1 && s.replaceable[hc.Pos] && s.ownStreams(hc):
		s.replace(hc, args[1:]) // returns only when it failed
	}
	return args, nil
}

// ownStreams reports whether nothing is redirected.
func (s *session) ownStreams(hc interp.HandlerContext) bool {
	return hc.Stdin == os.Stdin && hc.Stdout == os.Stdout && hc.Stderr == os.Stderr
}

// replace becomes another program. When that fails the interpreter's own exec
// goes on, and reports why.
func (s *session) replace(hc interp.HandlerContext, args []string) {
	path, err := interp.LookPathDir(hc.Dir, hc.Env, args[0])
	if err != nil {
		if !s.isApplet(args[0]) {
			return
		}
		path = self
	}
	if err := os.Chdir(hc.Dir); err != nil {
		return
	}
	_ = syscall.Exec(path, args, exported(hc.Env)) // it returns only to fail
}

func exported(env expand.Environ) []string {
	var list []string
	for name, v := range env.Each {
		if v.Exported && v.Kind == expand.String {
			list = append(list, name+"="+v.String())
		}
	}
	return list
}

// execPlaces finds the commands that run in the shell itself: not in a
// subshell, a pipeline, the background, a substitution or a function.
func execPlaces(node syntax.Node) map[syntax.Pos]bool {
	places := map[syntax.Pos]bool{}
	syntax.Walk(node, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst, *syntax.FuncDecl, *syntax.CoprocClause:
			return false
		case *syntax.BinaryCmd:
			return n.Op != syntax.Pipe && n.Op != syntax.PipeAll
		case *syntax.Stmt:
			return !n.Background && !n.Coprocess
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				places[n.Args[0].Pos()] = true
			}
		}
		return true
	})
	return places
}
