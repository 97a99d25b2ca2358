using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Runs models in ONNX Runtime on the CPU.</summary>
internal static class OnnxRun
{
    static OnnxRun()
    {
        if (!OrtEnv.IsCreated)
        {
            EnvironmentCreationOptions options = new() { logId = "graphs-tests", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }
    }

    /// <summary>Runs a model as it is: ONNX Runtime's own rewriting is off.</summary>
    public static IReadOnlyDictionary<string, OnnxTensor> Run(OnnxModel model, IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        using SessionOptions options = Options();
        using InferenceSession session = new(model.ToBytes(), options);
        return Run(session, inputs);
    }

    /// <summary>Runs a file, with tensors beside it where it has them there.</summary>
    public static IReadOnlyDictionary<string, OnnxTensor> Run(string path, IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        using SessionOptions options = Options();
        using InferenceSession session = new(path, options);
        return Run(session, inputs);
    }

    private static SessionOptions Options()
    {
        SessionOptions options = new()
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            IntraOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        string extensions = Path.Combine(AppContext.BaseDirectory, "libortextensions.so");
        if (File.Exists(extensions))
        {
            options.RegisterCustomOpLibraryV2(extensions, out _);
        }

        return options;
    }

    private static Dictionary<string, OnnxTensor> Run(InferenceSession session, IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        Dictionary<string, OrtValue> values = inputs.ToDictionary(input => input.Key, input => ToOrt(input.Value), StringComparer.Ordinal);
        using RunOptions run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, values, session.OutputNames);
        Dictionary<string, OnnxTensor> outputs = new(StringComparer.Ordinal);
        for (int i = 0; i < results.Count; i++)
        {
            outputs[session.OutputNames[i]] = FromOrt(session.OutputNames[i], results[i]);
        }

        foreach (OrtValue value in values.Values)
        {
            value.Dispose();
        }

        return outputs;
    }

    private static OrtValue ToOrt(OnnxTensor tensor)
    {
        long[] shape = [.. tensor.Dimensions];
        if (tensor.ElementType == OnnxElementType.Text)
        {
            OrtValue text = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
            string[] values = tensor.ToText();
            for (int i = 0; i < values.Length; i++)
            {
                text.StringTensorSetElementAt(values[i], i);
            }

            return text;
        }

        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (Microsoft.ML.OnnxRuntime.Tensors.TensorElementType)(int)tensor.ElementType, shape);
        if (tensor.ElementCount > 0)
        {
            tensor.ToBytes().CopyTo(value.GetTensorMutableRawData());
        }

        return value;
    }

    private static OnnxTensor FromOrt(string name, OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        return info.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.String
            ? OnnxTensor.FromText(name, value.GetStringTensorAsArray(), info.Shape)
            : OnnxTensor.FromBytes(name, (OnnxElementType)(int)info.ElementDataType, info.ElementCount == 0 ? [] : value.GetTensorMutableRawData(), info.Shape);
    }
}
