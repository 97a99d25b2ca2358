using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Http;

/// <summary>What those ask who watch the server: whether it lives, and whether it can take jobs.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        _ = routes.MapGet("/healthz", () => Results.Text("ok")).AllowAnonymous().WithTags("Health").WithSummary("Whether the process lives");
        _ = routes.MapGet("/readyz", (Readiness readiness) => readiness.WhyNot is { } problem ? Results.Text(problem, statusCode: StatusCodes.Status503ServiceUnavailable) : Results.Text("ready"))
            .AllowAnonymous().WithTags("Health").WithSummary("Whether it can make videos now");
    }
}
