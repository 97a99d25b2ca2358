namespace Seedance.Onnx.Server.Http;

/// <summary>Who sent a request.</summary>
/// <param name="Name">The name of the API key; empty where the server has no keys.</param>
internal sealed record Caller(string Name)
{
    /// <summary>Whoever may connect, where there are no keys.</summary>
    public static Caller Anybody { get; } = new("");

    /// <summary>Who sent it.</summary>
    public static string NameOf(HttpContext context) => context.Features.Get<Caller>()?.Name ?? throw new InvalidOperationException("A request must have passed the check of keys, but has not.");
}
