using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Ort;

/// <summary>The operator <see cref="RowProgram"/> as ONNX Runtime's C API wants it: a table of functions, for all sessions of the process.</summary>
internal static unsafe class RowOperator
{
    private const int Float32 = 1;
    private const int Variadic = 2;

    private static readonly nint Name = Marshal.StringToCoTaskMemUTF8(RowProgram.Operator);
    private static readonly nint AttributeName = Marshal.StringToCoTaskMemUTF8(RowProgram.Attribute);

    /// <summary>Neither it nor what it refers to may go before the last session.</summary>
    private static readonly nint Domain = RuntimeApi.IsKnown ? RuntimeApi.CreateDomain(Marshal.StringToCoTaskMemUTF8(RowProgram.Domain), CreateTable()) : 0;

    /// <summary>Whether graphs may have it.</summary>
    public static bool IsKnown => Domain != 0;

    /// <summary>Lets the sessions of some options have it; nothing where the library is too old.</summary>
    public static void AddTo(SessionOptions options)
    {
        if (IsKnown)
        {
            RuntimeApi.AddDomain(options, Domain);
        }
    }

    /// <summary>OrtCustomOp of onnxruntime_c_api.h, one pointer after the other; what stays empty is optional.</summary>
    private static nint CreateTable()
    {
        nint* table = (nint*)NativeMemory.AllocZeroed(31, (nuint)sizeof(nint));
        *(uint*)table = RuntimeApi.Version;
        table[2] = (nint)(delegate* unmanaged<nint, nint>)&GetName;
        table[3] = (nint)(delegate* unmanaged<nint, nint>)&GetProvider;
        table[4] = table[6] = (nint)(delegate* unmanaged<nint, nuint, int>)&GetElementType;
        table[5] = table[7] = (nint)(delegate* unmanaged<nint, nuint>)&GetCount;
        table[9] = (nint)(delegate* unmanaged<nint, void>)&Destroy;
        table[10] = table[11] = (nint)(delegate* unmanaged<nint, nuint, int>)&GetCharacteristic;
        table[12] = (nint)(delegate* unmanaged<nint, nuint, int>)&GetMemoryType;
        table[13] = table[14] = table[15] = table[16] = (nint)(delegate* unmanaged<nint, int>)&One;
        table[17] = (nint)(delegate* unmanaged<nint, nint, nint, nint*, nint>)&Create;
        table[18] = (nint)(delegate* unmanaged<nint, nint, nint>)&Compute;
        return (nint)table;
    }

    [UnmanagedCallersOnly]
    private static nint GetName(nint table) => Name;

    /// <summary>Null is the processor.</summary>
    [UnmanagedCallersOnly]
    private static nint GetProvider(nint table) => 0;

    [UnmanagedCallersOnly]
    private static int GetElementType(nint table, nuint index) => Float32;

    [UnmanagedCallersOnly]
    private static nuint GetCount(nint table) => 1;

    [UnmanagedCallersOnly]
    private static int GetCharacteristic(nint table, nuint index) => Variadic;

    [UnmanagedCallersOnly]
    private static int GetMemoryType(nint table, nuint index) => 0;

    [UnmanagedCallersOnly]
    private static int One(nint table) => 1;

    [UnmanagedCallersOnly]
    private static nint Create(nint table, nint api, nint info, nint* kernel)
    {
        try
        {
            *kernel = GCHandle.ToIntPtr(GCHandle.Alloc(new RowKernel(RowProgram.Parse(RuntimeApi.ReadText(info, AttributeName)))));
            return 0;
        }
#pragma warning disable CA1031 // Nothing may be thrown through native code: the session does not open.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return RuntimeApi.Fail(error.Message);
        }
    }

    [UnmanagedCallersOnly]
    private static void Destroy(nint kernel) => GCHandle.FromIntPtr(kernel).Free();

    [UnmanagedCallersOnly]
    private static nint Compute(nint kernel, nint context)
    {
        try
        {
            RowKernel.Of(kernel).Run(context, kernel);
            return 0;
        }
#pragma warning disable CA1031 // Nothing may be thrown through native code: the run fails.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return RuntimeApi.Fail(error.Message);
        }
    }
}
