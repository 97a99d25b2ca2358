namespace Seedance.Onnx.Hosting;

/// <summary>What a host with dependency injection says of its pipeline: see <see cref="SeedanceServices.AddSeedance(Microsoft.Extensions.DependencyInjection.IServiceCollection, Action{SeedanceOptions})"/>.</summary>
public sealed class SeedanceOptions
{
    /// <summary>The pack's folder, which holds seedance.json. Must be given.</summary>
    public string Pack { get; set; } = "";

    /// <summary>How the pipeline runs. Where it names no logger factory, it logs to the host's.</summary>
    public PipelineOptions Pipeline { get; set; } = new();
}
