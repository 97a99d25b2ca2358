using System.Text.Json;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests;

/// <summary>The golden files beside this project; golden/README.md tells how they were made.</summary>
internal static class Golden
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>Golden sigmas and trajectories come from float32 schedules and float32 arithmetic.</summary>
    public static Tolerance Scheduler { get; } = new("diffusers keeps sigmas in single precision", 2e-4, 0);

    /// <summary>Normals go through another machine's single-precision log, sin and cos.</summary>
    public static Tolerance Normal { get; } = new("another library's single-precision log, sin and cos", 2e-6, 0);

    public static T Read<T>(string name)
    {
        string path = RepositoryFolder.PathOf("tests", "Seedance.Onnx.Core.Tests", "golden", name);
        return JsonSerializer.Deserialize<T>(File.ReadAllText(path), Options) ?? throw new InvalidOperationException($"{name} is empty.");
    }
}
