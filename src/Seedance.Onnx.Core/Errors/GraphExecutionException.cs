namespace Seedance.Onnx;

/// <summary>A graph of the pack failed while it was loaded or run.</summary>
public sealed class GraphExecutionException : SeedanceException
{
    /// <summary>Creates the error from the runtime's own.</summary>
    /// <param name="role">The graph's role in the pack, for example "transformer".</param>
    /// <param name="innerException">What the runtime reported.</param>
    public GraphExecutionException(string role, Exception innerException)
        : this(role, innerException?.Message ?? "unknown failure", innerException)
    {
    }

    /// <summary>Creates the error with a text of ours.</summary>
    /// <param name="role">The graph's role in the pack, for example "transformer".</param>
    /// <param name="problem">What failed, and what to do.</param>
    /// <param name="innerException">The error that caused this one; null when there is none.</param>
    public GraphExecutionException(string role, string problem, Exception? innerException = null)
        : base($"Graph '{role}' failed: {problem}", innerException)
    {
        Role = role;
    }

    /// <summary>The graph's role in the pack, for example "transformer".</summary>
    public string Role { get; }
}
