using System;
using System.IO;

namespace ManagedDyn.Tool.Output;

/// <summary>Standard output or standard error could not be written: nothing that a command did, and told apart from the files that it works on.</summary>
public sealed class TerminalException(Exception cause) : IOException((cause.InnerException ?? cause).Message, cause);
