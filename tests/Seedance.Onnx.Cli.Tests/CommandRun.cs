namespace Seedance.Onnx.Cli;

/// <summary>What a command left behind.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    private const string Prefix = "seedance: ";

    /// <summary>The lines of the error output, without its prefix.</summary>
    public IReadOnlyList<string> Problems => [.. Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[Math.Min(line.Length, Prefix.Length)..])];

    /// <summary>One prefix, then one clear line for each problem, and nothing on the standard output.</summary>
    public void AssertFailed(int exitCode, params string[] problems)
    {
        Assert.Equal((exitCode, ""), (ExitCode, Output));
        Assert.StartsWith(Prefix, Error, StringComparison.Ordinal);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        Assert.True(problems.Length == Problems.Count, Error);
        Assert.All(problems.Zip(Problems), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }
}
