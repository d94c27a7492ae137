// Package files holds the applets that look at and change files: ls, cp, mv,
// rm, mkdir, rmdir, ln, touch, chmod, chown, stat, du, df, find and friends.
package files
