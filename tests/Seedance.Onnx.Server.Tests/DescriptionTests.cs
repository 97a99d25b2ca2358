using System.Text.Json;
using System.Text.RegularExpressions;

namespace Seedance.Onnx.Server;

/// <summary>What the server tells of itself: its OpenAPI document, whose bodies are what the readers take, and its metrics.</summary>
[Trait("Tier", "Graph")]
public sealed class DescriptionTests
{
    [SkippableTheory]
    [InlineData("/v1/videos")]
    [InlineData("/api/v3/contents/generations/tasks")]
    public async Task Document_ParametersOfACreation_AreAllKnownToItsReader(string path)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        JsonElement document = (await server.GetAsync("/openapi/v1.json")).Body;
        JsonElement schema = document.GetProperty("paths").GetProperty(path).GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        string name = schema.GetProperty("$ref").GetString()!.Split('/')[^1];
        string[] parameters = [.. document.GetProperty("components").GetProperty("schemas").GetProperty(name).GetProperty("properties").EnumerateObject().Select(property => property.Name)];

        // An object is a wrong value for all of them, and a parameter for none.
        (int status, JsonElement body) = await server.PostAsync(path, parameters.ToDictionary(parameter => parameter, _ => new { }));

        string message = body.GetProperty("error").GetProperty("message").GetString()!;
        Assert.True(parameters.Length > 10);
        Assert.Equal(400, status);
        Assert.All(parameters.Where(parameter => parameter is not ("input_reference" or "last_frame")), parameter => Assert.Contains($"{parameter} must be", message, StringComparison.Ordinal));
        Assert.DoesNotContain("must be a parameter", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Metrics_AfterAJob_CountItByState()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await server.WaitForAsync(await server.SubmitAsync(), "completed");

        // A job counts a moment after its client can see that it ended.
        foreach (string line in new[] { "seedance_jobs\\{[^}]*status=\"succeeded\"", "seedance_jobs_ended_total\\{[^}]*status=\"succeeded\"[^}]*\\} [1-9]", "seedance_videos_total\\{[^}]*outcome=\"done\"" })
        {
            await server.UntilAsync(async () => Regex.IsMatch(await server.Client.GetStringAsync("/metrics"), line));
        }
    }
}
