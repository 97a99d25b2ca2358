using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Seedance.Onnx.Hosting;

[Trait("Tier", "Graph")]
public sealed class SeedanceServicesTests
{
    [Fact]
    public async Task AddSeedance_SourceAskedTwice_GivesOnePipelineThatTheContainerDisposes()
    {
        ServiceProvider provider = new ServiceCollection().AddSeedance(FilmPack.Folder).BuildServiceProvider();
        VideoPipelineSource source = provider.GetRequiredService<VideoPipelineSource>();

        VideoPipeline[] pipelines = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => source.GetAsync().AsTask()));
        await provider.DisposeAsync();

        Assert.Same(pipelines[0], Assert.Single(pipelines.Distinct()));
        Assert.Throws<ObjectDisposedException>(() => pipelines[0].GenerateAsync(new Requests.VideoRequest { Prompt = "a" }));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => source.GetAsync().AsTask());
    }

    [Fact]
    public void AddSeedance_WrongOptions_AreToldAllAtOnceWhenTheHostStarts()
    {
        ServiceProvider provider = new ServiceCollection().AddSeedance(options =>
        {
            options.Pack = "nowhere";
            options.Pipeline.ConcurrentGenerations = 0;
        }).BuildServiceProvider();

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal(2, error.Failures.Count());
        Assert.Contains(error.Failures, failure => failure.StartsWith("ConcurrentGenerations must be from 1 to 64", StringComparison.Ordinal));
        Assert.Contains(error.Failures, failure => failure.StartsWith("Pack 'nowhere': the folder must exist", StringComparison.Ordinal));
    }

    [Fact]
    public void AddSeedance_NoPack_SaysWhereToSetIt()
    {
        ServiceProvider provider = new ServiceCollection().AddSeedance(_ => { }).BuildServiceProvider();

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<SeedanceOptions>>().Value);

        Assert.Equal("Pack must be the folder of a pack, but is empty. Set it in AddSeedance.", Assert.Single(error.Failures));
    }
}
