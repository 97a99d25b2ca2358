namespace Seedance.Onnx.Server.Http;

/// <summary>The header by which a client says that two requests are one.</summary>
internal static class IdempotencyKey
{
    private const string Header = "Idempotency-Key";
    private const int Longest = 255;

    /// <summary>The key; null where there is none.</summary>
    /// <exception cref="RequestProblemException">It is too long.</exception>
    public static string? Of(HttpContext context) => context.Request.Headers[Header].ToString() switch
    {
        "" => null,
        { Length: <= Longest } key => key,
        { Length: var length } => throw new RequestProblemException(ProblemKind.Invalid, $"{Header} must have at most {Longest} characters, but has {length}.", Header),
    };
}
