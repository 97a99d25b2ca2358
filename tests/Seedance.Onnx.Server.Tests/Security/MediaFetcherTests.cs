using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>What strangers' URLs can and cannot do, against a server on the loopback address.</summary>
[Trait("Tier", "Unit")]
public sealed class MediaFetcherTests : IAsyncLifetime
{
    private readonly WebApplication _site;
    private int _asked;

    public MediaFetcherTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.Use(async (context, next) =>
        {
            _ = Interlocked.Increment(ref _asked);
            await next(context);
        });
        _site.MapGet("/small", () => Results.Bytes(new byte[100]));
        _site.MapGet("/large", () => Results.Bytes(new byte[10_000]));
        _site.MapGet("/endless", async (HttpContext context) =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[1000]);
            }
        });
        _site.MapGet("/missing", () => Results.NotFound());
        _site.MapGet("/to", (string url) => Results.Redirect(url));
        _site.MapGet("/round", () => Results.Redirect("/round"));
    }

    private string Site => _site.Urls.First();

    public Task InitializeAsync() => _site.StartAsync();

    public async Task DisposeAsync() => await _site.DisposeAsync();

    [Theory]
    [InlineData("https://127.0.0.1/a.png")]
    [InlineData("https://localhost/a.png")]
    [InlineData("https://[::1]/a.png")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[::ffff:10.0.0.1]/a.png")]
    [InlineData("https://0x7f000001/a.png")]
    [InlineData("https://2130706433/a.png")]
    [InlineData("https://127.1/a.png")]
    public async Task FetchAsync_PrivateAddress_IsRefusedWithoutAConnection(string url)
    {
        using MediaFetcher fetcher = new(_ => false);

        RequestProblemException error = await Assert.ThrowsAsync<RequestProblemException>(() => fetcher.FetchAsync(url, 1000, default));

        Assert.Contains("must be at a public address", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _asked);
    }

    [Theory]
    [InlineData("http://example.org/a.png")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.org/a")]
    [InlineData("gopher://127.0.0.1/")]
    [InlineData("https://user:secret@example.org/a.png")]
    [InlineData("//example.org/a.png")]
    [InlineData("")]
    public async Task FetchAsync_NoPlainHttps_IsNone(string url)
    {
        using MediaFetcher fetcher = new(_ => false);

        Assert.Null(await fetcher.FetchAsync(url, 1000, default));
    }

    [Fact]
    public async Task FetchAsync_HostThatIsAllowed_GivesTheBytes()
    {
        using MediaFetcher fetcher = new(host => host == "127.0.0.1");

        byte[]? bytes = await fetcher.FetchAsync($"{Site}/to?url=/small", 1000, default);

        Assert.Equal(100, bytes!.Length);
    }

    [Theory]
    [InlineData("/large", "must be at most 1000 bytes")]
    [InlineData("/endless", "must be at most 1000 bytes")]
    [InlineData("/missing", "answers 404")]
    [InlineData("/round", "at most 3 steps")]
    [InlineData("/to?url=http://localhost/", "all of them https")]
    [InlineData("/to?url=file:///etc/passwd", "all of them https")]
    [InlineData("/to?url=https://localhost/", "must be at a public address")]
    [InlineData("/to?url=https://169.254.169.254/", "must be at a public address")]
    public async Task FetchAsync_WhatItLeadsTo_IsRefusedToo(string path, string problem)
    {
        using MediaFetcher fetcher = new(host => host == "127.0.0.1");

        RequestProblemException error = await Assert.ThrowsAsync<RequestProblemException>(() => fetcher.FetchAsync(Site + path, 1000, default));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateHandler_NameWithOnePrivateAddress_RefusesTheName()
    {
        List<IPAddress> seen = [];
        using HttpClient client = new(GuardedHttp.CreateHandler((_, address) =>
        {
            seen.Add(address);
            return false;
        }));

        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://localhost/")));

        Assert.IsType<AddressRefusedException>(error.InnerException ?? error);
        Assert.NotEmpty(seen);
    }
}
