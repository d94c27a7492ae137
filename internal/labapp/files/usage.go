package files

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Du prints the disk space directories take.
func Du(_ context.Context, p *applet.Process) error {
	var summary, human, all bool
	set := opt.New("[-sha] [FILE...]", "Print the disk space used, in KiB.")
	set.Bool(&summary, 's', "summarize", "only the total of each operand")
	set.Bool(&human, 'h', "human-readable", "sizes as 1.5K, 20M")
	set.Bool(&all, 'a', "all", "files too, not only directories")
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	show := func(bytes int64, path string) {
		size := fmt.Sprint((bytes + 1023) / 1024)
		if human {
			size = HumanBytes(bytes)
		}
		fmt.Fprintf(p.Stdout, "%s\t%s\n", size, path)
	}
	var walk func(path string, info fs.FileInfo, depth int) int64
	walk = func(path string, info fs.FileInfo, depth int) int64 {
		total := diskBytes(info)
		if info.IsDir() {
			entries, err := os.ReadDir(path)
			if err != nil {
				p.Errorf("%v", err)
			}
			for _, e := range entries {
				if child, err := e.Info(); err == nil {
					total += walk(filepath.Join(path, e.Name()), child, depth+1)
				}
			}
		}
		if depth == 0 || !summary && (all || info.IsDir()) {
			show(total, path)
		}
		return total
	}
	return each(p, names, func(name string) error {
		info, err := os.Lstat(name)
		if err == nil {
			walk(name, info, 0)
		}
		return err
	})
}

func diskBytes(info fs.FileInfo) int64 {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return sys.Blocks * 512
	}
	return info.Size()
}

// Df prints the free space of file systems.
func Df(_ context.Context, p *applet.Process) error {
	var human bool
	set := opt.New("[-h] [FILE...]", "Print size and free space of mounted file systems, or of those that hold the files named.")
	set.Bool(&human, 'h', "human-readable", "sizes as 1.5K, 20M")
	paths, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		if paths, err = mountPoints(); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer w.Flush()
	fmt.Fprintln(w, "Size\tUsed\tAvailable\tUse%\t  Path")
	return each(p, paths, func(path string) error {
		var s syscall.Statfs_t
		if err := syscall.Statfs(path, &s); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if s.Blocks == 0 {
			return nil
		}
		size := func(blocks uint64) string {
			bytes := int64(blocks) * int64(s.Bsize) //nolint:unconvert // 32 bits wide on some machines
			if human {
				return HumanBytes(bytes)
			}
			return fmt.Sprint(bytes / 1024)
		}
		used := s.Blocks - s.Bfree
		fmt.Fprintf(w, "%s\t%s\t%s\t%d%%\t  %s\n", size(s.Blocks), size(used), size(s.Bavail), used*100/s.Blocks, path)
		return nil
	})
}

func mountPoints() ([]string, error) {
	file, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var points []string
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) > 1 {
			points = append(points, strings.ReplaceAll(fields[1], `\040`, " "))
		}
	}
	return points, scanner.Err()
}
