using System.Runtime.InteropServices;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Testing;

/// <summary>The device of tests in tier Device: a graphics card, or the software Vulkan device that comes with Chromium.</summary>
internal static class VulkanDevice
{
    private const string Variable = "VK_ICD_FILENAMES";
    private const string SwiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

    /// <summary>WebGPU on this machine; the test is skipped where it cannot be had.</summary>
    public static ResolvedTarget Require()
    {
        if (OperatingSystem.IsLinux() && File.Exists(SwiftShader) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)))
        {
            // Vulkan reads the process's own environment, which .NET does not write to.
            _ = SetEnvironment(Variable, SwiftShader, 0);
            Environment.SetEnvironmentVariable(Variable, SwiftShader);
        }

        try
        {
            return new ExecutionTarget { Providers = [ExecutionProvider.WebGpu] }.Resolve();
        }
        catch (ExecutionTargetException missing)
        {
            throw new SkipException($"{missing.Message} To test on a software device: apt-get install --no-install-recommends chromium", missing);
        }
    }

#pragma warning disable SYSLIB1054 // A source generator needs unsafe code for this.
    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
#pragma warning restore SYSLIB1054
}
