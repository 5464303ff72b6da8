using ManagedDyn.Tool.CommandLine;

return Application.Start(args);
