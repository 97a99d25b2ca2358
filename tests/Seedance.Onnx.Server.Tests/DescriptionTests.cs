using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

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
    public async Task Document_Calls_AreTheServersRoutes()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        JsonElement document = (await server.GetAsync("/openapi/v1.json")).Body;

        string[] told = [.. from path in document.GetProperty("paths").EnumerateObject()
                            from call in path.Value.EnumerateObject()
                            select $"{call.Name.ToUpperInvariant()} {path.Name}"];
        string[] served = [.. from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                              from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
                              select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"];
        string[] untold = [.. served.Except(told, StringComparer.Ordinal)];
        Assert.Empty(told.Except(served, StringComparer.Ordinal));
        Assert.All(untold, route => Assert.Matches("^GET /(|docs|metrics|openapi/.*|page/.*)$", route)); // the pages, the document itself, and numbers in a format of their own
        Assert.All(document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()), call => Assert.NotEmpty(call.Value.GetProperty("summary").GetString()!));
    }

    [SkippableFact]
    public async Task Document_ArksList_NamesItsParameters()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        JsonElement call = (await server.GetAsync("/openapi/v1.json")).Body.GetProperty("paths").GetProperty("/api/v3/contents/generations/tasks").GetProperty("get");

        Assert.Equal(
            ["page_num", "page_size", "filter.status", "filter.task_ids", "filter.model", "filter.service_tier"],
            call.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()!));
        Assert.EndsWith("ErrorAnswer", call.GetProperty("responses").GetProperty("400").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString(), StringComparison.Ordinal);
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
