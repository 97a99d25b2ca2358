using System.Runtime.Intrinsics;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>The ONNX Runtime that graphs run on here.</summary>
/// <param name="Version">Its version, such as "1.29.0".</param>
/// <param name="Providers">The providers that it was built with. Whether one can run here is another matter: the CUDA and TensorRT libraries, a driver or a card may be missing.</param>
/// <param name="Gpus">The graphics cards that it sees, one text each; empty if there is none.</param>
public sealed record RuntimeInfo(string Version, IReadOnlyList<ExecutionProvider> Providers, IReadOnlyList<string> Gpus)
{
    private static readonly (ExecutionProvider Provider, string Name)[] RuntimeNames =
    [
        (ExecutionProvider.Cpu, "CPUExecutionProvider"),
        (ExecutionProvider.WebGpu, "WebGpuExecutionProvider"),
        (ExecutionProvider.Cuda, "CUDAExecutionProvider"),
        (ExecutionProvider.TensorRt, "TensorrtExecutionProvider"),
    ];

    /// <summary>
    /// Whether graphs should have the operator of <see cref="Rows.RowProgram"/>: ONNX Runtime is of version 1.24 or later, and the processor has vectors of 256 bits. With shorter ones a guided step takes 1.1
    /// times as long as by ONNX Runtime's own kernels, with 256 bits 0.89, with 512 bits 0.86.
    /// </summary>
    public static bool GainsByRowPrograms => Vector256.IsHardwareAccelerated && RowOperator.IsKnown;

    /// <summary>Starts ONNX Runtime, loads its Extensions and reads what it is.</summary>
    /// <returns>What is there.</returns>
    /// <exception cref="ExecutionTargetException">ONNX Runtime or its Extensions do not load.</exception>
    public static RuntimeInfo Read()
    {
        RuntimeEnvironment.CreateSessionOptions(new ResolvedTarget(ExecutionProvider.Cpu, ExecutionTarget.Cpu, [])).Dispose();
        OrtEnv environment = OrtEnv.Instance();
        return new RuntimeInfo(
            environment.GetVersionString(), FromRuntime(environment.GetAvailableProviders()), ReadGpus(environment));
    }

    /// <summary>Tries every provider of the build with a graph of one node.</summary>
    /// <returns>Those that cannot be had here, and why; what is not among them can.</returns>
    public IReadOnlyList<SkippedProvider> FindUnavailable() =>
        [.. from provider in Providers
            let reason = provider == ExecutionProvider.WebGpu && !ProviderProbe.MayHaveVulkan(this)
                ? "needs a graphics card, and there is none. VK_ICD_FILENAMES names a software Vulkan device to use instead."
                : ProviderProbe.FindObstacle(provider, new ExecutionTarget { Providers = [provider] })
            where reason is not null
            select new SkippedProvider(provider, reason)];

    /// <summary>The providers among those that ONNX Runtime lists, in our order.</summary>
    internal static IReadOnlyList<ExecutionProvider> FromRuntime(IEnumerable<string> runtimeNames) =>
        [.. RuntimeNames.Where(row => runtimeNames.Contains(row.Name, StringComparer.Ordinal)).Select(row => row.Provider)];

    private static string[] ReadGpus(OrtEnv environment) =>
        [.. environment.GetHardwareDevices()
            .Where(device => device.Type == OrtHardwareDeviceType.GPU)
            .Select(device => string.IsNullOrEmpty(device.Vendor) ? $"GPU {device.VendorId:x4}:{device.DeviceId:x4}" : $"{device.Vendor} {device.DeviceId:x4}")];
}
