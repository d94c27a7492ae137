package netutil

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/applettest"
)

func server(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/missing":
			http.NotFound(w, r)
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
		default:
			w.Header().Set("X-Test", "1")
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("X-A"), body)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func refused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	return listener.Addr().String()
}

func TestCurl(t *testing.T) {
	t.Chdir(t.TempDir())
	url := server(t)
	for _, test := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"-s", url + "/a"}, "GET /a  ", 0},
		{[]string{"-s", strings.TrimPrefix(url, "http://") + "/a"}, "GET /a  ", 0},
		{[]string{"-d", "x=1", "-d", "y", "-H", "X-A: b", url + "/p"}, "POST /p b x=1&y", 0},
		{[]string{"-XDELETE", url}, "DELETE /  ", 0},
		{[]string{"-o", "/dev/null", "-s", "-w", "%{http_code}", url + "/missing"}, "404", 0},
		{[]string{"-sf", url + "/missing"}, "", 22},
		{[]string{"-sL", url + "/moved"}, "GET /there  ", 0},
		{[]string{"-sm", "0.1", url + "/slow"}, "", 28},
		{[]string{"-s", "http://" + refused(t)}, "", 7},
		{[]string{}, "", 2},
	} {
		if got := applettest.Run(t, Curl, "curl", "", test.args...); got.Stdout != test.want || got.Code != test.code {
			t.Errorf("curl %v = %+v, want %d, %q", test.args, got, test.code, test.want)
		}
	}
	if got := applettest.Run(t, Curl, "curl", "", "-sI", url).Stdout; !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.Contains(got, "X-Test: 1\r\n") {
		t.Errorf("curl -I = %q", got)
	}
	applettest.Run(t, Curl, "curl", "", "-sO", url+"/dir/name.txt")
	if content, err := os.ReadFile("name.txt"); err != nil || string(content) != "GET /dir/name.txt  " {
		t.Errorf("-O wrote %q, %v", content, err)
	}
	if got := applettest.Run(t, Curl, "curl", "from stdin", "-sd", "@-", url).Stdout; got != "POST /  from stdin" {
		t.Errorf("-d @- = %q", got)
	}
}

func TestWget(t *testing.T) {
	t.Chdir(t.TempDir())
	url := server(t)
	if got := applettest.Run(t, Wget, "wget", "", "-qO-", url+"/a"); got.Stdout != "GET /a  " || got.Code != 0 || got.Stderr != "" {
		t.Errorf("wget -qO- = %+v", got)
	}
	for path, file := range map[string]string{"/x/page": "page", "/": "index.html", "": "index.html"} {
		if got := applettest.Run(t, Wget, "wget", "", url+path); got.Code != 0 || got.Stderr != "saved "+file+"\n" {
			t.Errorf("wget %q = %+v", path, got)
		}
	}
	if got := applettest.Run(t, Wget, "wget", "", "-q", "-O", "-", url+"/missing"); got.Code != 1 {
		t.Errorf("a missing page: code %d", got.Code)
	}
	if got := applettest.Run(t, Wget, "wget", "", "--spider", "-T", "1", url+"/missing"); got.Code != 1 || got.Stderr == "" {
		t.Errorf("--spider of a missing page: %+v", got)
	}
}

func TestNcTalksToAServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			text, _ := io.ReadAll(conn)
			fmt.Fprintf(conn, "got %s", text)
			conn.Close()
		}
	}()
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if got := applettest.Run(t, Nc, "nc", "hello", host, port); got.Stdout != "got hello" || got.Code != 0 {
		t.Errorf("nc = %+v", got)
	}
	if got := applettest.Run(t, Nc, "nc", "", "-zv", host, port); got.Code != 0 || !strings.Contains(got.Stderr, "open") {
		t.Errorf("nc -z of an open port: %+v", got)
	}
	_, port, err = net.SplitHostPort(refused(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := applettest.Run(t, Nc, "nc", "", "-zvw1", host, port); got.Code != 1 || !strings.Contains(got.Stderr, "refused") {
		t.Errorf("nc -z of a closed port: %+v", got)
	}
}

func TestNcListens(t *testing.T) {
	_, port, err := net.SplitHostPort(refused(t))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	ended := make(chan error, 1)
	go func() {
		ended <- Nc(t.Context(), &applet.Process{Name: "nc", Args: []string{"-l", "-p", port}, Stdin: strings.NewReader("welcome"), Stdout: &out})
	}()
	conn := dial(t, "127.0.0.1:"+port)
	if _, err := io.WriteString(conn, "hi"); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len("welcome"))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "welcome" {
		t.Errorf("the listener said %q, %v", answer, err)
	}
	_ = conn.(*net.TCPConn).CloseWrite() // it ends once its peer has said all
	if err := <-ended; err != nil || out.String() != "hi" {
		t.Errorf("the listener heard %q, %v", out.String(), err)
	}
}

// dial tries until somebody listens.
func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn
		}
		select {
		case <-ctx.Done():
			t.Fatal("nobody listens")
		case <-ticker.C:
		}
	}
}
