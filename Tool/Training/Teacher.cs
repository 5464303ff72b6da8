using System;
using System.IO;
using System.Security.Cryptography;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training;

/// <summary>A trained model that another one learns from while it is trained.</summary>
internal static class Teacher
{
    private const int NameLength = 16;

    /// <summary>Adds what a teacher says to a loss.</summary>
    /// <param name="objective">The loss.</param>
    /// <param name="path">The teacher's model file.</param>
    /// <param name="sample">The shape of a sample.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="encoding">What makes the input of the network that is trained.</param>
    public static Objective AddTo(Objective objective, string path, Shape sample, int classes, InputEncoding? encoding)
    {
        Model model;
        string name;
        try
        {
            model = ModelFile.Load(path);
            using FileStream stream = File.OpenRead(path);
            name = Convert.ToHexStringLower(SHA256.HashData(stream))[..NameLength];
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot load the teacher '{path}': {ToolException.Reason(e)}", e);
        }

        if (model.SampleShape != sample || model.ClassCount != classes)
        {
            throw new ToolException($"the teacher '{path}' sorts samples {model.SampleShape} into {model.ClassCount} classes; expected {sample} and {classes}");
        }

        if (!InputEncoding.AreSame(model.Encoding, encoding))
        {
            throw new ToolException($"the teacher '{path}' prepares inputs in another way than this data asks for; expected a model trained on the same data");
        }

        return new TeacherDistillation(objective, model.Network, name);
    }
}
