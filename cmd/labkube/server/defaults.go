package server

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	scheduling "k8s.io/kubernetes/pkg/apis/scheduling/v1"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// makeDefaults makes the roles, bindings and priority classes that every
// cluster has, several at a time. What exists is left alone.
func makeDefaults(ctx context.Context, client kubernetes.Interface) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	rbac := client.RbacV1()
	for _, o := range append(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()...) {
		create(ctx, group, rbac.ClusterRoles(), &o)
	}
	for _, o := range append(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()...) {
		create(ctx, group, rbac.ClusterRoleBindings(), &o)
	}
	for namespace, roles := range bootstrappolicy.NamespaceRoles() {
		for _, o := range roles {
			create(ctx, group, rbac.Roles(namespace), &o)
		}
	}
	for namespace, bindings := range bootstrappolicy.NamespaceRoleBindings() {
		for _, o := range bindings {
			create(ctx, group, rbac.RoleBindings(namespace), &o)
		}
	}
	for _, o := range scheduling.SystemPriorityClasses() {
		create(ctx, group, client.SchedulingV1().PriorityClasses(), o)
	}
	return group.Wait()
}

// creator is what all typed clients have in common here.
type creator[T metav1.Object] interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
}

func create[T metav1.Object](ctx context.Context, group *errgroup.Group, client creator[T], object T) {
	group.Go(func() error {
		_, err := client.Create(ctx, object, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("make default object %s: %w", object.GetName(), err)
		}
		return nil
	})
}
