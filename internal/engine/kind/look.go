package kind

import (
	"context"
	"errors"
	"fmt"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/space"
)

const (
	// MinMemory is the free memory, in bytes, that a node needs with a small lab: it
	// was seen to take 600 to 950 MB.
	MinMemory = 1 << 30
	// MinDisk is the free space, in bytes, that a node and what is done on it take;
	// imageDisk is that of labctl's node image, while Docker does not have it.
	MinDisk   = 1 << 30
	imageDisk = 2 << 30
)

// Lack is why something cannot be used, and what would help; nothing lacks if its
// Reason is empty.
type Lack struct{ Reason, Remedy string }

// Report is what there is of the user's Docker for nodes.
type Report struct {
	// Host is the engine's address. Version and API are empty unless it answers.
	Host, Version, API string
	// Docker is why the engine is of no use.
	Docker Lack
	// Image says where the nodes' image comes from; NoImage why there is none.
	Image   string
	NoImage Lack
	// Space says what is free for nodes, in words, as far as that can be known;
	// NoSpace why it is too little.
	Space   string
	NoSpace Lack

	source source
}

// Lack is the first that is lacking, of all.
func (r Report) Lack() Lack {
	for _, l := range []Lack{r.Docker, r.NoImage, r.NoSpace} {
		if l.Reason != "" {
			return l
		}
	}
	return Lack{}
}

// Look asks the user's Docker Engine. It fails only when ctx ends.
func (e *Engine) Look(ctx context.Context) (Report, error) {
	docker, host, trouble, err := container.Users(ctx, e.cfg.Getenv)
	r := Report{Host: host, Docker: Lack{trouble.What, trouble.Remedy}}
	if err != nil || trouble.What != "" {
		return r, err
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
	r.API = docker.API.ClientVersion()
	none := new(noImageError)
	if r.source, err = e.findImage(ctx, docker); errors.As(err, &none) {
		r.NoImage = Lack{none.reason, noImageRemedy()}
	} else if err != nil {
		trouble := container.Unanswered(host, container.PingTime, err)
		r.Docker = Lack{trouble.What, trouble.Remedy}
		return r, ctx.Err()
	}
	r.Image = r.source.describe()
	r.Version, r.Space, r.NoSpace = room(ctx, docker, r.source)
	return r, ctx.Err()
}

// room compares what the engine says it has with what a node needs. Where the
// engine shares this machine's disk and memory, what is free of them counts; where it
// is in a virtual machine, that one's memory is all that is known. An engine
// that does not say is given the benefit of the doubt.
func room(ctx context.Context, docker *container.Client, image source) (version, words string, lack Lack) {
	look, cancel := context.WithTimeout(ctx, container.PingTime)
	defer cancel()
	info, err := docker.API.Info(look)
	if err != nil {
		return "", "", Lack{}
	}
	total := uint64(max(info.MemTotal, 0))
	free, known, _ := space.Memory()
	words = fmt.Sprintf("%s of memory in all", space.Size(total))
	if known {
		free = min(free, total)
		words = fmt.Sprintf("%s of %s of memory free", space.Size(free), space.Size(total))
	} else {
		free = total
	}
	if total > 0 && free < MinMemory {
		lack = Lack{fmt.Sprintf("Docker has only %s, and a node needs %s", words, space.Size(MinMemory)),
			"End other programs or containers, or another lab with `labctl stop`; give Docker Desktop more memory in its settings"}
	}
	need := uint64(MinDisk)
	if image.ref == ownImage && image.load != "" || image.pull {
		need += imageDisk
	}
	disk, existing, err := space.Disk(info.DockerRootDir)
	if err != nil || existing != info.DockerRootDir { // it is not on this machine
		return info.ServerVersion, words, lack
	}
	words += fmt.Sprintf(", %s of disk in %s", space.Size(disk), info.DockerRootDir)
	if disk < need {
		lack = Lack{fmt.Sprintf("Docker has only %s of disk left in %s, and a node needs %s", space.Size(disk), info.DockerRootDir, space.Size(need)),
			"Free some: `docker system df` says what Docker keeps, `docker system prune` removes what is unused"}
	}
	return info.ServerVersion, words, lack
}
