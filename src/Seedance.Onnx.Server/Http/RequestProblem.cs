namespace Seedance.Onnx.Server.Http;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Kind">Which kind of thing.</param>
/// <param name="Message">What must be, what is, and what to do.</param>
/// <param name="Parameter">The parameter's name as the client writes it; null where it is about no parameter.</param>
/// <param name="RetryAfter">When it is worth to ask again; null where it is not known or never.</param>
internal sealed record RequestProblem(ProblemKind Kind, string Message, string? Parameter = null, TimeSpan? RetryAfter = null);
