using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>Finds out whether a provider can be had here, by running a graph of one node on it.</summary>
internal static class ProviderProbe
{
    /// <summary>y = −x for one float32: an ONNX file of 64 bytes, opset 17.</summary>
    internal static readonly byte[] Negate =
        Convert.FromBase64String("CAg6NgoLCgF4EgF5IgNOZWcSBXByb2JlWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ==");

    private static readonly string[] VulkanDrivers = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"];

    /// <summary>The first provider of a target without an obstacle.</summary>
    /// <param name="target">The target.</param>
    /// <param name="findObstacle">Says why a provider cannot be had; null if it can.</param>
    /// <exception cref="ExecutionTargetException">Every provider has one.</exception>
    public static ResolvedTarget Resolve(ExecutionTarget target, Func<ExecutionProvider, string?> findObstacle)
    {
        List<SkippedProvider> skipped = [];
        foreach (ExecutionProvider provider in target.Chain)
        {
            if (findObstacle(provider) is not { } reason)
            {
                return new ResolvedTarget(provider, target, skipped);
            }

            skipped.Add(new SkippedProvider(provider, reason));
        }

        string reasons = string.Join(' ', skipped.Select(skip => $"Provider '{skip.Provider.ToName()}' {skip.Reason}"));
        throw new ExecutionTargetException($"The provider must be one that can run here, but is not. {reasons}");
    }

    /// <summary>Why a provider cannot be had; null if it can.</summary>
    /// <exception cref="ExecutionTargetException">ONNX Runtime itself does not load.</exception>
    public static string? FindObstacle(ExecutionProvider provider, ExecutionTarget target)
    {
        if (target.Precision is { } precision and not ComputePrecision.Fp32 && provider != ExecutionProvider.TensorRt)
        {
            return $"computes as the graph's file says, not in {precision.ToName()}. Leave the precision out, or use a pack whose graphs were converted.";
        }

        if (provider == ExecutionProvider.Cpu)
        {
            return null;
        }

        RuntimeInfo runtime = RuntimeInfo.Read();
        if (!runtime.Providers.Contains(provider))
        {
            return $"is not in this build of ONNX Runtime, which has {string.Join(", ", runtime.Providers.Select(known => known.ToName()))}.";
        }

        // A software Vulkan device is slower than the CPU's own kernels: only for who asks for it.
        if (provider == ExecutionProvider.WebGpu && target.Chain.Count > 1 && runtime.Gpus.Count == 0)
        {
            return "needs a graphics card, and there is none. Ask for webgpu by name to run on a software Vulkan device.";
        }

        return (OperatingSystem.IsLinux() ? NativeRequirement.FindMissing(provider, Loads) : null) ?? Try(provider, target);
    }

    /// <summary>Whether trying WebGPU can end well: Vulkan's loader and ONNX Runtime write to stderr if it does not, which a mere look should not.</summary>
    public static bool MayHaveVulkan(RuntimeInfo runtime) =>
        runtime.Gpus.Count > 0 || !OperatingSystem.IsLinux() || Array.Exists(VulkanDrivers, name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });

    private static string? Try(ExecutionProvider provider, ExecutionTarget target)
    {
        try
        {
            // The device is what is tried; caches and the like are for graphs.
            ResolvedTarget tried = new(provider, new ExecutionTarget { DeviceId = target.DeviceId, Threads = target.Threads, TensorRt = new TensorRtOptions { EngineCache = false, TimingCache = false } }, []);
            using SessionOptions options = RuntimeEnvironment.CreateSessionOptions(tried);
            ProviderSetup.Append(options, tried);
            using NativeSession native = new(new InferenceSession(Negate, options), ProviderSetup.DeviceMemory(tried));
            using RunOptions run = new() { LogSeverityLevel = RuntimeEnvironment.LogLevel };
            using OrtValue x = OrtValue.CreateTensorValueFromMemory(new float[] { 1 }, [1]);
            using IDisposableReadOnlyCollection<OrtValue> y = native.Session.Run(run, ["x"], [x], ["y"]);
            return y[0].GetTensorDataAsSpan<float>()[0] == -1 ? null : "gave a wrong result for a graph of one node. Update the driver of the card.";
        }
        catch (OnnxRuntimeException error)
        {
            string remedy = provider == ExecutionProvider.WebGpu
                ? "Install a graphics driver with Vulkan; VK_ICD_FILENAMES names a driver that lies elsewhere."
                : "Look at the driver with nvidia-smi.";
            return $"does not start on device {target.DeviceId ?? 0}: {LastSentence(error)}. {remedy}";
        }
    }

    /// <summary>The end of ONNX Runtime's message; what comes before it are places in its sources.</summary>
    private static string LastSentence(OnnxRuntimeException error)
    {
        string line = error.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)[0];
        int start = line.LastIndexOf("was false. ", StringComparison.Ordinal);
        return (start < 0 ? line : line[(start + "was false. ".Length)..]).TrimEnd('.');
    }

    private static bool Loads(string library)
    {
        if (library.StartsWith("libonnxruntime", StringComparison.Ordinal))
        {
            return File.Exists(Path.Combine(AppContext.BaseDirectory, library));
        }

        // Stays loaded: the provider is going to use it.
        return NativeLibrary.TryLoad(library, out _);
    }
}
