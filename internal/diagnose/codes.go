package diagnose

// The codes of causes. They are stable: labs and tests name them.
const (
	// Finding an object.
	MissingNamespace = "MissingNamespace" // the namespace is not there
	MissingKind      = "MissingKind"      // the cluster has no such kind
	WrongNamespace   = "WrongNamespace"   // it is in another namespace
	NearlyRightName  = "NearlyRightName"  // one of nearly that name is there
	WrongKind        = "WrongKind"        // that name is there, as another kind
	Deleted          = "Deleted"          // it was there
	NotFound         = "NotFound"         // nothing like it is there

	// Services and requests.
	NoEndpoints       = "NoEndpoints"       // no pod is behind a Service
	NoSelector        = "NoSelector"        // a Service selects nothing by design
	SelectorMismatch  = "SelectorMismatch"  // no pod carries the labels asked for
	WrongPort         = "WrongPort"         // a port that is not there is asked
	WrongTargetPort   = "WrongTargetPort"   // a Service sends to a port nobody listens on
	WrongProtocol     = "WrongProtocol"     // a Service's port is not one for TCP
	HeadlessPort      = "HeadlessPort"      // a headless Service maps no ports
	ExternalName      = "ExternalName"      // a Service is only another name for a host
	ConnectionRefused = "ConnectionRefused" // nothing listens
	TimedOut          = "TimedOut"          // no answer in time
	UnknownHost       = "UnknownHost"       // the name does not resolve
	NetworkPolicy     = "NetworkPolicy"     // a policy may keep requests out
	WrongPath         = "WrongPath"         // the application does not know the path
	AppError          = "AppError"          // the application answers with an error

	// Rollouts and other controllers.
	NotReady              = "NotReady"              // pods that should be Ready are not
	DeploymentPaused      = "DeploymentPaused"      // a change waits for a resume
	RolloutStuck          = "RolloutStuck"          // the progress deadline has passed
	ScaledToZero          = "ScaledToZero"          // no replicas are asked for
	GenerationNotObserved = "GenerationNotObserved" // the controller has not looked yet
	NoNodes               = "NoNodes"               // a DaemonSet fits no node
	JobFailed             = "JobFailed"             // a Job gave up
	Suspended             = "Suspended"             // a Job or CronJob is suspended

	// Creating pods.
	QuotaExceeded         = "QuotaExceeded"         // a ResourceQuota is used up
	QuotaRequires         = "QuotaRequires"         // a ResourceQuota wants requests or limits
	LimitRange            = "LimitRange"            // a LimitRange is broken
	PodSecurity           = "PodSecurity"           // the namespace's security level is broken
	AdmissionDenied       = "AdmissionDenied"       // a webhook or policy refused
	MissingServiceAccount = "MissingServiceAccount" // the pod's service account is not there
	SelectorImmutable     = "SelectorImmutable"     // a selector cannot be changed
	TemplateLabels        = "TemplateLabels"        // selector and template do not match
	Refused               = "Refused"               // the API refused for another reason

	// Placing pods.
	Unschedulable        = "Unschedulable"        // no node takes the pod
	InsufficientCPU      = "InsufficientCPU"      // no node has that much CPU left
	InsufficientMemory   = "InsufficientMemory"   // no node has that much memory left
	InsufficientResource = "InsufficientResource" // no node has enough of something else
	NodeSelectorMismatch = "NodeSelectorMismatch" // no node has the labels asked for
	UntoleratedTaint     = "UntoleratedTaint"     // nodes keep the pod off
	Cordoned             = "Cordoned"             // nodes take no new pods
	PlacementRules       = "PlacementRules"       // affinity, spread or host ports forbid it
	NodeNotReady         = "NodeNotReady"         // the pod's node does not answer
	Evicted              = "Evicted"              // the node threw the pod out
	TerminatingStuck     = "TerminatingStuck"     // it is being deleted and does not go

	// Starting containers.
	ImagePull            = "ImagePull"            // the image cannot be had
	InvalidImageName     = "InvalidImageName"     // the image's name is not one
	ContainerCreateError = "ContainerCreateError" // the command cannot be started
	MissingConfigMap     = "MissingConfigMap"
	MissingSecret        = "MissingSecret"
	MissingKey           = "MissingKey"
	MissingClaim         = "MissingClaim"
	PVCPending           = "PVCPending"
	MissingStorageClass  = "MissingStorageClass"
	StaleEnvironment     = "StaleEnvironment" // it runs with what was in there before
	MountFailed          = "MountFailed"      // a volume cannot be mounted

	// Running containers.
	CrashLoop        = "CrashLoop"        // a container ends again and again
	Completed        = "Completed"        // its command has ended, without an error
	OOMKilled        = "OOMKilled"        // it used more memory than its limit
	ReadinessFailing = "ReadinessFailing" // with the probe's words
	LivenessFailing  = "LivenessFailing"
	StartupFailing   = "StartupFailing"

	// Containers of Docker's, beside those above.
	Exited       = "Exited"       // it has ended
	NeverStarted = "NeverStarted" // it was made, and not started
	Paused       = "Paused"       // its processes are frozen
	Unhealthy    = "Unhealthy"    // its health check fails, with the check's words
	Starting     = "Starting"     // its health check has not passed yet
	NotListening = "NotListening" // nothing in it listens on that port
	LoopbackOnly = "LoopbackOnly" // what listens there is reached from inside only
	NotPublished = "NotPublished" // no container publishes that port
	NotInNetwork = "NotInNetwork" // it is in other networks than the request
	NoNames      = "NoNames"      // Docker's default network knows no names

	// Rights.
	RBACDenied          = "RBACDenied"          // who may not do what
	WrongServiceAccount = "WrongServiceAccount" // another account may
	NotBound            = "NotBound"            // no role is given to the account
	MissingRole         = "MissingRole"         // a binding names a role that is not there
	RoleLacksRule       = "RoleLacksRule"       // the role does not allow this

	// Warning is the newest warning about an object of a kind not known here.
	Warning = "Warning"
)
