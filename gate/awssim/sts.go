package awssim

func (w *World) sts() service {
	return service{
		namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		actions: map[string]action{
			"GetCallerIdentity": func(r *request) (any, error) {
				return struct{ Arn, UserId, Account string }{
					"arn:aws:iam::" + r.w.account + ":user/test", "AIDATEST", r.w.account,
				}, nil
			},
		},
	}
}
