using Seedance.Onnx.Graphs;

namespace Seedance.Onnx.Cli;

/// <summary>Errors as people and scripts get them: one clear line each on the error output, and the exit code.</summary>
internal static class Failure
{
    private const string Prefix = "seedance: ";

    /// <summary>Says what went wrong; the stack trace too if SEEDANCE_TRACE is 1.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(Exception error, CommandHost host, CancellationToken cancellationToken)
    {
        (int exitCode, IEnumerable<string> lines) = Describe(error, cancellationToken);
        Write(host, lines);
        if (host.Variable("SEEDANCE_TRACE") == "1")
        {
            host.Error.WriteLine(error);
        }

        return exitCode;
    }

    /// <summary>Writes problems, one a line, under one prefix.</summary>
    public static void Write(CommandHost host, IEnumerable<string> lines)
    {
        string prefix = Prefix;
        foreach (string line in lines)
        {
            host.Error.WriteLine(prefix + OnOneLine(line));
            prefix = new string(' ', Prefix.Length);
        }
    }

    /// <summary>Writes what was done otherwise than asked for; that is no failure.</summary>
    public static void WriteNotices(CommandHost host, IEnumerable<string> notices)
    {
        foreach (string notice in notices)
        {
            host.Error.WriteLine($"{Prefix}note: {OnOneLine(notice)}");
        }
    }

    private static (int ExitCode, IEnumerable<string> Lines) Describe(Exception error, CancellationToken cancellationToken) => error switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested => (ExitCode.Cancelled, ["Cancelled; nothing was written."]),
        InvalidRequestException { Problems: var problems } => (ExitCode.Usage, problems),
        ModelPackException { Problems: var problems, Pack: var pack } =>
            (ExitCode.Pack, problems.Select((problem, index) => index == 0 ? $"Pack '{pack}': {problem}" : problem)),
        ModelFileException { Problems: var problems, Model: var model } =>
            (ExitCode.Pack, problems.Select((problem, index) => index == 0 ? $"Model '{model}': {problem}" : problem)),
        HostSettingsException { Problems: var problems, Path: var path } =>
            (ExitCode.Usage, problems.Select((problem, index) => index == 0 ? $"Settings '{path}': {problem}" : problem)),
        ExecutionTargetException => (ExitCode.Environment, [error.Message]),
        SeedanceException => (ExitCode.Run, [error.Message]),
        IOException or UnauthorizedAccessException => (ExitCode.Run, [$"Files must be readable and writable, but one is not: {error.Message}"]),
        OutOfMemoryException => (ExitCode.Run, ["The video must fit into memory, but does not. Ask for a smaller or shorter one."]),
        _ => (ExitCode.Run, [$"This must not happen, but did: {error.GetType().Name}: {error.Message} Set SEEDANCE_TRACE=1 to see where, and report it."]),
    };

    private static string OnOneLine(string text) => string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? ' ' : c));
}
