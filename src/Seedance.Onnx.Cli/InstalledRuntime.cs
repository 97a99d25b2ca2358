using System.Runtime.InteropServices;
using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Cli;

/// <summary>The ONNX Runtime that graphs run on.</summary>
internal static class InstalledRuntime
{
    /// <summary>Starts it.</summary>
    /// <returns>Its version, and that its Extensions are there.</returns>
    /// <exception cref="ExecutionTargetException">A library does not load.</exception>
    public static string Describe()
    {
        using (StringTensor.From("starts the runtime"))
        {
            // Its types are hidden from here; by name, until Seedance.Onnx.Ort tells the version.
            Type environment = Type.GetType("Microsoft.ML.OnnxRuntime.OrtEnv, Microsoft.ML.OnnxRuntime", throwOnError: true)!;
            object version = environment.GetMethod("GetVersionString")!.Invoke(environment.GetMethod("Instance")!.Invoke(null, null), null)!;
            return NativeLibrary.TryLoad("ortextensions", typeof(StringTensor).Assembly, null, out _)
                ? $"{version}, with Extensions"
                : throw new ExecutionTargetException($"The Extensions of ONNX Runtime must load from '{AppContext.BaseDirectory}', but do not. Build again.");
        }
    }
}
