package lab

import "labctl.dev/labctl/internal/lab/problem"

// Problem is one thing wrong with a lab, with its place and its remedy.
type Problem = problem.Problem

// Problems is all that is wrong with a lab. As an error it is a lab that cannot
// be used.
type Problems = problem.List
