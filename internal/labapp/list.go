// Package labapp is the multi-call program every lab image is made of: the
// web service, the load generator, the probes of the checks, and a shell with
// the usual small tools.
//
// The applet is chosen by the name the program was called by, or else by its
// first argument. The list below is the only place applets are registered.
package labapp

import (
	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/archive"
	"labctl.dev/labctl/internal/labapp/files"
	"labctl.dev/labctl/internal/labapp/load"
	"labctl.dev/labctl/internal/labapp/lookup"
	"labctl.dev/labctl/internal/labapp/netutil"
	"labctl.dev/labctl/internal/labapp/prober"
	"labctl.dev/labctl/internal/labapp/procs"
	"labctl.dev/labctl/internal/labapp/request"
	"labctl.dev/labctl/internal/labapp/session"
	"labctl.dev/labctl/internal/labapp/shell"
	"labctl.dev/labctl/internal/labapp/text"
	"labctl.dev/labctl/internal/labapp/web"
)

// Applets lists every applet by name.
func Applets() []applet.Applet {
	return []applet.Applet{
		{Name: "[", Summary: "evaluate a condition", Run: shell.Test},
		{Name: "base64", Summary: "encode and decode base64", Run: archive.Base64},
		{Name: "basename", Summary: "print the last part of a path", Run: files.Basename},
		{Name: "cat", Summary: "print files", Run: text.Cat},
		{Name: "chmod", Summary: "change permissions", Run: files.Chmod},
		{Name: "chown", Summary: "change owners", Run: files.Chown},
		{Name: "cp", Summary: "copy files", Run: files.Cp},
		{Name: "curl", Summary: "make HTTP requests", Run: netutil.Curl},
		{Name: "cut", Summary: "print chosen fields of lines", Run: text.Cut},
		{Name: "date", Summary: "print the time", Run: procs.Date},
		{Name: "df", Summary: "print free disk space", Run: files.Df},
		{Name: "dirname", Summary: "print a path without its last part", Run: files.Dirname},
		{Name: "dns", Summary: "look up names, as JSON", Run: lookup.Run},
		{Name: "du", Summary: "print disk space used", Run: files.Du},
		{Name: "echo", Summary: "print the arguments", Run: text.Echo},
		{Name: "env", Summary: "print or change the environment", Run: procs.Env},
		{Name: "false", Summary: "fail", Run: procs.False},
		{Name: "find", Summary: "find files", Run: files.Find},
		{Name: "free", Summary: "print memory use", Run: procs.Free},
		{Name: "grep", Summary: "print lines that match", Run: text.Grep},
		{Name: "gunzip", Summary: "decompress", Run: archive.Gzip},
		{Name: "gzip", Summary: "compress", Run: archive.Gzip},
		{Name: "head", Summary: "print the first lines", Run: text.Head},
		{Name: "hostname", Summary: "print the host's name", Run: procs.Hostname},
		{Name: "http", Summary: "make HTTP requests, as JSON", Run: request.Run},
		{Name: "id", Summary: "print user and group ids", Run: procs.ID},
		{Name: "kill", Summary: "send signals", Run: procs.Kill},
		{Name: "ln", Summary: "make links", Run: files.Ln},
		{Name: "load", Summary: "generate load and count failures", Run: load.Run},
		{Name: "ls", Summary: "list files", Run: files.Ls},
		{Name: "md5sum", Summary: "print MD5 sums", Run: archive.Md5sum},
		{Name: "mkdir", Summary: "make directories", Run: files.Mkdir},
		{Name: "mktemp", Summary: "make a temporary file", Run: files.Mktemp},
		{Name: "mv", Summary: "move files", Run: files.Mv},
		{Name: "nc", Summary: "connect to or listen on a port", Run: netutil.Nc},
		{Name: "nslookup", Summary: "look up a name", Run: lookup.Nslookup},
		{Name: "printenv", Summary: "print variables", Run: procs.Printenv},
		{Name: "printf", Summary: "print formatted", Run: text.Printf},
		{Name: "prober", Summary: "be there for the checks", Run: prober.Run},
		{Name: "ps", Summary: "list processes", Run: procs.Ps},
		{Name: "pwd", Summary: "print the working directory", Run: files.Pwd},
		{Name: "readlink", Summary: "print where a link points", Run: files.Readlink},
		{Name: "rm", Summary: "remove files", Run: files.Rm},
		{Name: "rmdir", Summary: "remove empty directories", Run: files.Rmdir},
		{Name: "sed", Summary: "edit lines", Run: text.Sed},
		{Name: "seq", Summary: "print numbers", Run: text.Seq},
		{Name: "session", Summary: "run other applets for the checks", Run: session.New(inSession())},
		{Name: "sh", Summary: "the shell", Run: shell.New(Has)},
		{Name: "sha256sum", Summary: "print SHA-256 sums", Run: archive.Sha256sum},
		{Name: "sleep", Summary: "wait", Run: procs.Sleep},
		{Name: "sort", Summary: "sort lines", Run: text.Sort},
		{Name: "stat", Summary: "print facts about files", Run: files.Stat},
		{Name: "tail", Summary: "print the last lines", Run: text.Tail},
		{Name: "tar", Summary: "pack and unpack archives", Run: archive.Tar},
		{Name: "tee", Summary: "copy input to files", Run: text.Tee},
		{Name: "test", Summary: "evaluate a condition", Run: shell.Test},
		{Name: "timeout", Summary: "run a command for a limited time", Run: procs.Timeout},
		{Name: "touch", Summary: "make files, set their times", Run: files.Touch},
		{Name: "tr", Summary: "translate characters", Run: text.Tr},
		{Name: "true", Summary: "succeed", Run: procs.True},
		{Name: "uname", Summary: "print facts about the kernel", Run: procs.Uname},
		{Name: "uniq", Summary: "drop repeated lines", Run: text.Uniq},
		{Name: "wc", Summary: "count lines, words and bytes", Run: text.Wc},
		{Name: "web", Summary: "the labs' web service", Run: web.Run},
		{Name: "wget", Summary: "download a file", Run: netutil.Wget},
		{Name: "which", Summary: "print where commands are", Run: procs.Which},
		{Name: "whoami", Summary: "print the user's name", Run: procs.Whoami},
		{Name: "xargs", Summary: "run a command on words read", Run: procs.Xargs},
	}
}

// inSession are the applets that may run in one process beside each other.
func inSession() map[string]session.Run {
	return map[string]session.Run{"dns": lookup.Run, "http": request.Run}
}
