namespace Seedance.Onnx.Server.Http;

/// <summary>A request that is refused, with everything that is wrong with it.</summary>
internal sealed class RequestProblemException(IReadOnlyList<RequestProblem> problems) : Exception(string.Join(' ', problems.Select(problem => problem.Message)))
{
    public RequestProblemException(ProblemKind kind, string message, string? parameter = null, TimeSpan? retryAfter = null)
        : this([new RequestProblem(kind, message, parameter, retryAfter)])
    {
    }

    /// <summary>Everything that is wrong, at least one entry; the first one decides about the status.</summary>
    public IReadOnlyList<RequestProblem> Problems { get; } = problems;
}
