using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>The functions of ONNX Runtime's C API that operators of our own need, which its C# API does not have. Places in the table never change (onnxruntime_c_api.h).</summary>
internal static unsafe class RuntimeApi
{
    /// <summary>The first version with all of them.</summary>
    public const uint Version = 24;

    private static readonly nint* Table = Find();

    /// <summary>Whether the library that is loaded has them.</summary>
    public static bool IsKnown => Table is not null;

    /// <summary>An error as ONNX Runtime hands it on: it releases what this allocates.</summary>
    public static nint Fail(string message)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(message);
        try
        {
            return ((delegate* unmanaged<int, nint, nint>)Table[0])(1, text);
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    /// <summary>A new domain, with one operator, for as long as the process lives.</summary>
    /// <param name="name">Its name, in memory that stays.</param>
    /// <param name="customOperator">The table of the operator's functions, in memory that stays.</param>
    public static nint CreateDomain(nint name, nint customOperator)
    {
        nint domain;
        Require(((delegate* unmanaged<nint, nint*, nint>)Table[26])(name, &domain));
        Require(((delegate* unmanaged<nint, nint, nint>)Table[27])(domain, customOperator));
        return domain;
    }

    /// <summary>Lets the sessions of some options know a domain.</summary>
    public static void AddDomain(SessionOptions options, nint domain)
    {
        bool added = false;
        try
        {
            options.DangerousAddRef(ref added);
            Require(((delegate* unmanaged<nint, nint, nint>)Table[28])(options.DangerousGetHandle(), domain));
        }
        finally
        {
            if (added)
            {
                options.DangerousRelease();
            }
        }
    }

    /// <summary>The text of a node's attribute.</summary>
    public static string ReadText(nint info, nint name)
    {
        nuint size = 0;
        var read = (delegate* unmanaged<nint, nint, byte*, nuint*, nint>)Table[87];
        Require(read(info, name, null, &size));
        byte[] text = new byte[size];
        fixed (byte* start = text)
        {
            Require(read(info, name, start, &size));
            return Marshal.PtrToStringUTF8((nint)start) ?? "";
        }
    }

    public static nuint CountInputs(nint context)
    {
        nuint count;
        Require(((delegate* unmanaged<nint, nuint*, nint>)Table[88])(context, &count));
        return count;
    }

    /// <summary>An input's numbers and the lengths of its axes, lent for the run.</summary>
    public static float* Input(nint context, int index, out ReadOnlySpan<long> shape)
    {
        nint value;
        Require(((delegate* unmanaged<nint, nuint, nint*, nint>)Table[90])(context, (nuint)index, &value));
        int type;
        long* lengths;
        nuint rank;
        Require(((delegate* unmanaged<nint, int*, long**, nuint*, nint>)Table[414])(value, &type, &lengths, &rank));
        shape = new ReadOnlySpan<long>(lengths, (int)rank);
        return Data(value);
    }

    /// <summary>Memory for an output.</summary>
    public static float* Output(nint context, int index, ReadOnlySpan<long> shape)
    {
        nint value;
        fixed (long* lengths = shape)
        {
            Require(((delegate* unmanaged<nint, nuint, long*, nuint, nint*, nint>)Table[91])(context, (nuint)index, lengths, (nuint)shape.Length, &value));
        }

        return Data(value);
    }

    /// <summary>Calls a function for each number from 0, on the session's threads.</summary>
    public static void RunParallel(nint context, delegate* unmanaged<void*, nuint, void> run, int count, void* state) =>
        Require(((delegate* unmanaged<nint, delegate* unmanaged<void*, nuint, void>, nuint, nuint, void*, nint>)Table[274])(context, run, (nuint)count, 0, state));

    private static float* Data(nint value)
    {
        void* data;
        Require(((delegate* unmanaged<nint, void**, nint>)Table[51])(value, &data));
        return (float*)data;
    }

    private static void Require(nint status)
    {
        if (status != 0)
        {
            string message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Table[2])(status)) ?? "";
            ((delegate* unmanaged<nint, void>)Table[93])(status);
            throw new InvalidOperationException(message);
        }
    }

    private static nint* Find()
    {
        // The C# API knows where the library lies, and has loaded it.
        return NativeLibrary.TryLoad("onnxruntime", typeof(OrtEnv).Assembly, searchPath: null, out nint library) && NativeLibrary.TryGetExport(library, "OrtGetApiBase", out nint find)
            ? (nint*)((delegate* unmanaged<uint, nint>)((delegate* unmanaged<nint*>)find)()[0])(Version)
            : null;
    }
}
