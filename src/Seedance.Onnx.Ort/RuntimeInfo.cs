using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>The ONNX Runtime that graphs run on here.</summary>
/// <param name="Version">Its version, such as "1.29.0".</param>
/// <param name="Providers">The providers that it was built with. Whether one can run here is another matter: the CUDA and TensorRT libraries, a driver or a card may be missing.</param>
/// <param name="Gpus">The graphics cards that it sees, one text each; empty if there is none.</param>
public sealed record RuntimeInfo(string Version, IReadOnlyList<ExecutionProvider> Providers, IReadOnlyList<string> Gpus)
{
    /// <summary>Starts ONNX Runtime, loads its Extensions and reads what it is.</summary>
    /// <returns>What is there.</returns>
    /// <exception cref="ExecutionTargetException">ONNX Runtime or its Extensions do not load.</exception>
    public static RuntimeInfo Read()
    {
        RuntimeEnvironment.CreateSessionOptions(ExecutionTarget.Cpu).Dispose();
        OrtEnv environment = OrtEnv.Instance();
        return new RuntimeInfo(
            environment.GetVersionString(), ExecutionProviderNames.FromRuntime(environment.GetAvailableProviders()), ReadGpus(environment));
    }

    private static string[] ReadGpus(OrtEnv environment) =>
        [.. environment.GetHardwareDevices()
            .Where(device => device.Type == OrtHardwareDeviceType.GPU)
            .Select(device => string.IsNullOrEmpty(device.Vendor) ? $"GPU {device.VendorId:x4}:{device.DeviceId:x4}" : $"{device.Vendor} {device.DeviceId:x4}")];
}
