using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Seedance.Onnx.Server.Http;

/// <summary>Errors that are hard to bring about, in each API's words.</summary>
[Trait("Tier", "Unit")]
public sealed class ProblemAnswersTests
{
    private const string Videos = "/v1/videos";
    private const string Tasks = "/api/v3/contents/generations/tasks";

    [Theory]
    [InlineData("disk", Videos, 503, "unavailable")]
    [InlineData("disk", Tasks, 503, "ServerOverloaded")]
    [InlineData("database away", Videos, 503, "unavailable")]
    [InlineData("database away", Tasks, 503, "ServerOverloaded")]
    [InlineData("mistake", Videos, 500, "internal_error")]
    [InlineData("mistake", Tasks, 500, "InternalServiceError")]
    public async Task InvokeAsync_Error_TellsNothingOfTheInside(string what, string path, int status, string code)
    {
        const string Secret = "/srv/secret";
        Exception error = what switch
        {
            "disk" => new IOException($"No space left on device : '{Secret}'", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28),
            "database away" => new NpgsqlException(Secret, new TimeoutException()),
            _ => new InvalidOperationException(Secret),
        };
        DefaultHttpContext context = new();
        using MemoryStream body = new();
        (context.Request.Path, context.Response.Body) = (path, body);

        await new ProblemAnswers(_ => Task.FromException(error), NullLogger<ProblemAnswers>.Instance).InvokeAsync(context);

        JsonElement told = JsonSerializer.Deserialize<JsonElement>(body.ToArray()).GetProperty("error");
        Assert.Equal((status, code), (context.Response.StatusCode, told.GetProperty("code").GetString()));
        Assert.DoesNotContain(Secret, told.ToString(), StringComparison.Ordinal);
        Assert.Equal(status == 503, context.Response.Headers.RetryAfter.Count == 1);
    }
}
